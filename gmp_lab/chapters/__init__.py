"""What single notebooks need beyond the rest of the package: the logic of one chapter, so that its cells stay short.

    course        the notebooks in the order in which they are read, with minutes, needs and exam weight
    evidence      words looked for in the source of Go's runtime: how to find out whether a name is made up
    glossary      the terms of all recaps, for the page of the reference
    handoff       a goroutine in a call and a neighbour that wants its P
    latency       percentiles of responses, where the slow ones come from, what a metric sees of it
    lost_time     a job that computes for 3 ms and takes ten times as long: simulated, and a recorded trace of it
    one_queue     what one queue for all costs: moves, wakes, the limit that its lock sets
    queues        the rules of the run queues on paper; two takers at one ring
    paying        who pays for the collector: mark workers, assists, stops; the goal of a cycle
    sides         an experiment of the catalogue at several points: simulated, real, why
    signals       the way of a request to stop, requests that are lost, who stops whom
    slices        time slices, sysmon's looks, how goroutines lost their Ps
    stacks        a loop where a segment ends, the rule by which a stack grows
    threads       where threads come from: four phases, what each made, what an M does
    tight         how late others are beside a tight loop, stops of the world, a loop to be mended
    stealing      thefts one by one, who ran what where, how many threads search at a time
    tasks         a function that the student writes, tried on cases whose answers come from runs
    versions      which version of Go does what, from the rows of params
"""
