//go:build !race

package plan

// raceDetector says that everything is some five times slower.
const raceDetector = false
