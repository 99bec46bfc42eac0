"""RUKO: the coordination house of a sub-district office; what is true lives here."""
