"""nbgrader's settings for this course; gmp-lab exam reads them, and nbgrader itself when it is called here."""

from gmp_lab.exam.paper import STUB, UNWRITTEN

c = get_config()  # noqa: F821  # nbgrader defines it

c.CourseDirectory.course_id = "gmp_lab"
# What a student finds in the place of a solution.
c.ClearSolutions.code_stub = {"python": STUB}
c.ClearSolutions.text_stub = UNWRITTEN
# Submissions are cut down to their answers before nbgrader sees them (gmp_lab.exam.paper), so there is nothing to
# overwrite; and answers are judged in processes of their own (gmp_lab.exam.sandbox), so nothing is executed.
c.Autograde.sanitize_preprocessors = [
    "nbgrader.preprocessors.ClearOutput", "nbgrader.preprocessors.DeduplicateIds",
    "nbgrader.preprocessors.OverwriteKernelspec", "nbgrader.preprocessors.CheckCellMetadata",
]  # fmt: skip
c.Autograde.autograde_preprocessors = [
    "gmp_lab.exam.grading.Judge", "nbgrader.preprocessors.LimitOutput", "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties", "nbgrader.preprocessors.CheckCellMetadata",
]  # fmt: skip
