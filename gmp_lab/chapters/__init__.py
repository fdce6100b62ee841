"""What single notebooks need beyond the rest of the package: the logic of one chapter, so that its cells stay short.

    evidence      words looked for in the source of Go's runtime: how to find out whether a name is made up
    one_queue     what one queue for all costs: moves, wakes, the limit that its lock sets
    tasks         a function that the student writes, tried on cases whose answers come from runs
"""
