"""Make proxy masks of boxes: a COCO json with masks and their scores.

It does the same as ``boxcaseg masks``, but takes config and checkpoint first,
as OpenMMLab's tools do.
"""

import sys

from mmboxcaseg.cli.make_proxy_masks import main

if __name__ == '__main__':
    sys.exit(main())
