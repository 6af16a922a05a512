"""Make proxy masks: boxes in, a COCO file with masks and their scores out.

The same as ``boxcaseg masks``, with the model first, as OpenMMLab's tools
have it.
"""

import sys

from mmboxcaseg.cli.make_proxy_masks import main

if __name__ == '__main__':
    sys.exit(main())
