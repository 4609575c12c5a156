"""The plain console: server-rendered forms that need no script. One module for each noun."""
