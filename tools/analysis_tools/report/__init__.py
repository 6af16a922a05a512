"""What ``proxy_report.py`` is made of: numbers, pictures, page."""
