"""Tables of the paper's ablations and of variants on the mini data.

``ablation`` and ``mini_benchmark`` plan experiments for the rows of a table.
``experiment`` and ``bases`` turn experiments into commands, ``execute`` runs
them, and ``columns`` reads the numbers of their results.
"""
