package config

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Window is a stretch of time that comes back every week, in which run
// writes nothing.
type Window struct {
	Days       [7]bool       // by time.Weekday: the days on which it starts
	Start, End time.Duration // since midnight; End before Start is the next day
	Zone       *time.Location
	Text       string // as it was written
}

// Holds reports whether t lies in the window. Times are those on the clock of
// its zone, so a change of summer time moves nothing.
func (w Window) Holds(t time.Time) bool {
	t = t.In(w.Zone)
	clock := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	today := w.Days[t.Weekday()]
	if w.Start < w.End {
		return today && clock >= w.Start && clock < w.End
	}
	yesterday := w.Days[(t.Weekday()+6)%7]
	return today && clock >= w.Start || yesterday && clock < w.End
}

// parseWindow reads "Sat 22:00-04:00 Europe/Madrid".
func parseWindow(text string) (Window, error) {
	words := strings.Fields(text)
	if len(words) != 3 {
		return Window{}, errors.New("it has not three parts")
	}
	w := Window{Text: text}
	var err error
	if w.Days, err = parseDays(words[0]); err != nil {
		return Window{}, err
	}
	start, end, ok := strings.Cut(words[1], "-")
	if !ok {
		return Window{}, fmt.Errorf("%q is not from one time to another", words[1])
	}
	if w.Start, err = parseClock(start); err != nil {
		return Window{}, err
	}
	if w.End, err = parseClock(end); err != nil {
		return Window{}, err
	}
	if w.Start == w.End || w.Start == 24*time.Hour {
		return Window{}, errors.New("it holds no time; write 00:00-24:00 for a whole day")
	}
	if words[2] == "Local" { // the machine's, which differs between replicas
		return Window{}, errors.New(`the zone "Local" differs from machine to machine`)
	}
	if w.Zone, err = time.LoadLocation(words[2]); err != nil {
		return Window{}, fmt.Errorf("there is no time zone %q", words[2])
	}
	return w, nil
}

// parseDays reads "daily", "Sat", "Mon-Fri" and "Mon,Wed".
func parseDays(text string) (days [7]bool, err error) {
	if strings.EqualFold(text, "daily") {
		return [7]bool{true, true, true, true, true, true, true}, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, "-")
		from, ok := weekday(first)
		to := from
		if ok && ranged {
			to, ok = weekday(last)
		}
		if !ok {
			return days, fmt.Errorf("%q is no day", part)
		}
		for day := from; ; day = (day + 1) % 7 {
			days[day] = true
			if day == to {
				break
			}
		}
	}
	return days, nil
}

// weekday reads a day by its first three letters or in full.
func weekday(text string) (time.Weekday, bool) {
	for day := time.Sunday; day <= time.Saturday; day++ {
		if strings.EqualFold(text, day.String()) || strings.EqualFold(text, day.String()[:3]) {
			return day, true
		}
	}
	return 0, false
}

func parseClock(text string) (time.Duration, error) {
	if text == "24:00" {
		return 24 * time.Hour, nil
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day", text)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}
