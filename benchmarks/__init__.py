"""What is measured, against what, in one run. Nothing here is imported by the platform."""
