"""Web frameworks and task queues, one module or package each; import the one that you use."""
