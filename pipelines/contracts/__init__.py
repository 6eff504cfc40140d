"""What the stages agree on: tables, identifier types, configuration, folders, errors. Stages meet here and nowhere else."""
