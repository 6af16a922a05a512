"""The command ``boxcaseg``, with one module per subcommand."""
