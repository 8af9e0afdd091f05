package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// picture is an SVG of how each figure grows with the number of Ingresses.
func (m measurements) picture() string {
	exact := func(r result) float64 { return r.took.Seconds() }
	p99 := func(r result) float64 { return float64(quantile(r.waits, 0.99)) / float64(time.Millisecond) }
	peak := func(r result) float64 { return float64(r.peak) / 1024 }
	cpu := func(r result) float64 { return 1000 * r.cpu / float64(r.ingresses) }
	panels := []panel{
		{"until exact, seconds", []line{{"first sync", m.points("first sync", exact)}, {"restart", m.points("restart", exact)}}},
		{"change to first call, p99, ms", []line{
			{"one by one", m.points("one Ingress", p99)}, {"50 a second", m.points("50 changes", p99)},
			{"2,000 created", m.points("2000 created", p99)},
		}},
		{"peak memory, MiB", []line{{"first sync", m.points("first sync", peak)}, {"restart", m.points("restart", peak)}}},
		{"CPU for each Ingress, ms", []line{{"first sync", m.points("first sync", cpu)}, {"restart", m.points("restart", cpu)}}},
	}
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">`+"\n", 2*panelWidth, 2*panelHeight)
	s.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for i, p := range panels {
		p.draw(&s, float64(i%2*panelWidth), float64(i/2*panelHeight))
	}
	s.WriteString("</svg>\n")
	return s.String()
}

// A point is a figure for a number of Ingresses.
type point struct{ ingresses, value float64 }

type line struct {
	name   string
	points []point
}

type panel struct {
	title string
	lines []line
}

// points are a figure of a scenario with free calls.
func (m measurements) points(scenario string, figure func(result) float64) (points []point) {
	for _, r := range m.find(scenario) {
		points = append(points, point{float64(r.ingresses), figure(r)})
	}
	return points
}

// Sizes in the units of the picture.
const (
	panelWidth, panelHeight = 400, 260
	marginLeft, marginRight = 50, 110
	marginTop, marginBottom = 30, 35
)

// colours that most people can tell apart (Okabe and Ito).
func colour(i int) string { return []string{"#0072b2", "#d55e00", "#009e73"}[i%3] }

// draw draws the panel with its upper left corner at x and y. The number of
// Ingresses has a logarithmic axis, the figure one from zero.
func (p panel) draw(s *strings.Builder, x, y float64) {
	const width, height = panelWidth - marginLeft - marginRight, panelHeight - marginTop - marginBottom
	left, bottom := x+marginLeft, y+marginTop+height
	first, last, most := math.Inf(1), math.Inf(-1), 0.0
	for _, l := range p.lines {
		for _, at := range l.points {
			first, last, most = min(first, at.ingresses), max(last, at.ingresses), max(most, at.value)
		}
	}
	if most == 0 {
		return
	}
	most = ceiling(most)
	across := func(n float64) float64 {
		return left + width*(math.Log10(n)-math.Log10(first))/max(math.Log10(last)-math.Log10(first), 1)
	}
	up := func(v float64) float64 { return bottom - height*v/most }

	text := func(x, y float64, anchor, fill, what string) {
		fmt.Fprintf(s, `<text x="%.0f" y="%.0f" text-anchor="%s" fill="%s">%s</text>`+"\n", x, y, anchor, fill, what)
	}
	text(left, y+marginTop-12, "start", "black", p.title)
	for _, share := range []float64{0, 0.5, 1} {
		fmt.Fprintf(s, `<path d="M%.0f %.1fh%d" stroke="#ccc"/>`+"\n", left, up(most*share), width)
		text(left-6, up(most*share)+4, "end", "#555", fmt.Sprintf("%.4g", most*share))
	}
	for n := first; n <= last; n *= 10 {
		text(across(n), bottom+18, "middle", "#555", thousands(int(n)))
	}
	below := math.Inf(-1) // of the label above
	for i, l := range sortedByLast(p.lines) {
		if len(l.points) == 0 {
			continue
		}
		path := ""
		for j, at := range l.points {
			path += fmt.Sprintf("%s%.1f %.1f", map[bool]string{true: "M", false: " L"}[j == 0], across(at.ingresses), up(at.value))
			fmt.Fprintf(s, `<circle cx="%.1f" cy="%.1f" r="3" fill="%s"/>`+"\n", across(at.ingresses), up(at.value), colour(i))
		}
		fmt.Fprintf(s, `<path d="%s" fill="none" stroke="%s" stroke-width="2"/>`+"\n", path, colour(i))
		end := l.points[len(l.points)-1]
		below = max(up(end.value)+4, below+14)
		text(across(end.ingresses)+8, below, "start", colour(i), fmt.Sprintf("%s %.3g", l.name, end.value))
	}
}

// sortedByLast orders lines by where they end, the highest first.
func sortedByLast(lines []line) []line {
	end := func(l line) float64 {
		if len(l.points) == 0 {
			return 0
		}
		return l.points[len(l.points)-1].value
	}
	return slices.SortedStableFunc(slices.Values(lines), func(a, b line) int { return cmp.Compare(end(b), end(a)) })
}

// ceiling is the next number of one digit that is even or 5, or a power of ten.
func ceiling(v float64) float64 {
	scale := math.Pow(10, math.Floor(math.Log10(v)))
	for _, digit := range []float64{1, 2, 4, 5, 6, 8} {
		if v <= digit*scale {
			return digit * scale
		}
	}
	return 10 * scale
}
