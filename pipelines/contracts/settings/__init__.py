"""The sections of `cdp.yaml`, a file a subject. `pipelines.contracts.config` holds them together and reads the file."""
