"""What the heads of BoxCaseg are called; imports nothing, so that command
lines may use it too."""

# The three tasks of the network (the paper, Fig. 4).
HEADS = ('weak', 'salient', 'transferred')
# What a prediction may be made of: a head alone, or the heads that learn
# from masks, fused by Eq. 3.
PREDICTIONS = (*HEADS, 'fused')
