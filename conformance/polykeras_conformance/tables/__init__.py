"""The tables of cases, by what they are about."""
