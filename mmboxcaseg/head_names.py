"""Names of BoxCaseg's heads.

This module imports nothing, so that the command line can use it without
torch.
"""

# The three heads of the network (the paper, Fig. 4).
HEADS = ('weak', 'salient', 'transferred')
# A prediction is that of one head, or that of the two heads that learn from
# masks, fused by Eq. 3.
PREDICTIONS = (*HEADS, 'fused')
