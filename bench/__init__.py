"""How fast it is: named benches, each measured side by side with what it is compared to, printed as one table."""
