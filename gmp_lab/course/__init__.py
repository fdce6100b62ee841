"""What the notebooks use beside the model: a chapter's programs, predictions and questions, in one module each."""
