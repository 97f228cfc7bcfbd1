"""For instructors: `release` makes what students get, `grade` marks what comes back. In nbgrader's format."""
