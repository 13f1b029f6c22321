package view

import (
	"maps"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/lockstep-sync/lockstep/schema"
)

// Doctor writes what was checked, by vendor.
func (s Streams) Doctor(checkups map[string][]schema.Checkup) {
	counts := map[schema.Condition]int{}
	for _, vendor := range slices.Sorted(maps.Keys(checkups)) {
		s.Print("%s", bold.Render(vendor))
		for _, c := range checkups[vendor] {
			counts[c.Condition]++
			s.checkup(c)
		}
		s.Print("")
	}
	s.Print("%d ok, %d to mind, %d failed, %d that no API shows.",
		counts[schema.Healthy], counts[schema.Ailing], counts[schema.Broken], counts[schema.Unseen])
}

func (s Streams) checkup(c schema.Checkup) {
	detail := ""
	if c.Detail != "" {
		detail = faint.Render(": " + c.Detail)
	}
	s.Print("  %s %s%s", mark(c.Condition), c.Name, detail)
	if c.Remedy != "" {
		for line := range strings.SplitSeq(lipgloss.Wrap(c.Remedy, 90, ""), "\n") {
			s.Print("            %s", line)
		}
	}
}

func mark(c schema.Condition) string {
	switch c {
	case schema.Healthy:
		return green.Render("ok     ")
	case schema.Broken:
		return red.Render("failed ")
	case schema.Ailing:
		return yellow.Render("mind   ")
	}
	return blue.Render("look   ")
}

// Failed reports whether any checkup failed.
func Failed(checkups map[string][]schema.Checkup) bool {
	for _, list := range checkups {
		if slices.ContainsFunc(list, func(c schema.Checkup) bool { return c.Condition == schema.Broken }) {
			return true
		}
	}
	return false
}

type checkupJSON struct {
	Vendor    string           `json:"vendor"`
	Name      string           `json:"name"`
	Condition schema.Condition `json:"condition"`
	Detail    string           `json:"detail,omitempty"`
	Remedy    string           `json:"remedy,omitempty"`
}

// DoctorJSON writes what was checked as JSON.
func (s Streams) DoctorJSON(checkups map[string][]schema.Checkup) error {
	rows := []checkupJSON{}
	for _, vendor := range slices.Sorted(maps.Keys(checkups)) {
		for _, c := range checkups[vendor] {
			rows = append(rows, checkupJSON{vendor, c.Name, c.Condition, c.Detail, c.Remedy})
		}
	}
	return s.json(rows)
}
