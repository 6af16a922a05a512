"""What people bring and take away: boxes and masks in files."""
