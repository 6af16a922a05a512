"""Tables of the paper's ablations and of variants on the mini data.

Rows become experiments (ablation, mini_benchmark), experiments become
commands (experiment, bases), commands are run (execute) and leave numbers,
which are read by key (columns) and written as tables.
"""
