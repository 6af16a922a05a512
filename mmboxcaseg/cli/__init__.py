"""The command ``boxcaseg``: argparse only, one file a subcommand."""
