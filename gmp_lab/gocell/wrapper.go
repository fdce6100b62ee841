// Around a cell's main: an execution trace and runtime/metrics, in the files that the environment names.
package main

import (
	"fmt"
	"os"
	"runtime/metrics"
	"runtime/trace"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	var once sync.Once
	finish := func() {}
	if name := os.Getenv("GMP_LAB_TRACE"); name != "" {
		file, err := os.Create(name)
		if err != nil {
			panic(err)
		}
		if err := trace.Start(file); err != nil {
			panic(err)
		}
		finish = func() {
			trace.Stop()
			file.Close()
		}
	}
	end := func() {
		finish()
		if name := os.Getenv("GMP_LAB_METRICS"); name != "" {
			os.WriteFile(name, []byte(allMetrics()), 0o644)
		}
	}
	limit, _ := time.ParseDuration(os.Getenv("GMP_LAB_LIMIT"))
	time.AfterFunc(limit, func() {
		once.Do(end)
		os.Exit(3)
	})
	gmpLabMain()
	once.Do(end)
}

func allMetrics() string {
	var samples []metrics.Sample
	for _, d := range metrics.All() {
		samples = append(samples, metrics.Sample{Name: d.Name})
	}
	metrics.Read(samples)
	var out strings.Builder
	for _, s := range samples {
		switch s.Value.Kind() {
		case metrics.KindUint64:
			fmt.Fprintln(&out, s.Name, s.Value.Uint64())
		case metrics.KindFloat64:
			fmt.Fprintln(&out, s.Name, number(s.Value.Float64()))
		case metrics.KindFloat64Histogram:
			h := s.Value.Float64Histogram()
			fmt.Fprint(&out, s.Name, " histogram")
			for i, count := range h.Counts {
				fmt.Fprint(&out, " ", number(h.Buckets[i]), ":", count)
			}
			fmt.Fprintln(&out, "", number(h.Buckets[len(h.Buckets)-1]))
		}
	}
	return out.String()
}

func number(x float64) string {
	text := strconv.FormatFloat(x, 'g', -1, 64)
	if !strings.ContainsAny(text, ".eIN") {
		text += ".0" // a float, even where it is whole
	}
	return text
}
