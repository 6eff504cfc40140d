"""One module an export: which rows it delivers (`rows`) and how a delivery of them is written (`files`)."""
