"""The commands of the command line, with the options they share."""
