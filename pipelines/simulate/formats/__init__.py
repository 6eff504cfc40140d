"""One module an export, or a few that belong together: which rows it delivers (`rows`), how a delivery of them is written (`files`)."""
