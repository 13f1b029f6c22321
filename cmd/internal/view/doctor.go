package view

import (
	"slices"
	"strings"

	"github.com/lockstep-sync/lockstep/schema"
)

// Examined is what was checked at one vendor.
type Examined struct {
	Vendor   string // its title
	Checkups []schema.Checkup
}

// Doctor writes what was checked, by vendor.
func (s Streams) Doctor(examined []Examined) {
	counts := map[schema.Condition]int{}
	for _, e := range examined {
		s.Print("%s", bold.Render(e.Vendor))
		for _, c := range e.Checkups {
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
		for line := range strings.SplitSeq(wrap(c.Remedy, 90), "\n") {
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
func Failed(examined []Examined) bool {
	for _, e := range examined {
		if slices.ContainsFunc(e.Checkups, func(c schema.Checkup) bool { return c.Condition == schema.Broken }) {
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

// DoctorJSON writes what was checked as JSON, with the probe where one was made.
func (s Streams) DoctorJSON(examined []Examined, probe *Probe) error {
	document := struct {
		FormatVersion string        `json:"format_version"`
		Checkups      []checkupJSON `json:"checkups"`
		Probe         *probeJSON    `json:"probe,omitempty"`
	}{"1.0", []checkupJSON{}, probeOf(probe)}
	for _, e := range examined {
		for _, c := range e.Checkups {
			document.Checkups = append(document.Checkups, checkupJSON{e.Vendor, c.Name, c.Condition, c.Detail, c.Remedy})
		}
	}
	return s.json(document)
}
