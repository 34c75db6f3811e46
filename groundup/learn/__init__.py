"""The exercise runner: what a lesson asks for, how an answer is graded, and where a learner stands."""
