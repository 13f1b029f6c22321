package salesforce

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// A presenceRow is one interval of presence. There is one row an interval, and
// none that is current for who is logged out (VERIFIED).
type presenceRow struct {
	ID                    string `json:"Id"`
	UserID                string `json:"UserId"`
	StatusStartDate       string
	ServicePresenceStatus *struct{ DeveloperName string }
}

const currentPresence = "SELECT Id, UserId, ServicePresenceStatus.DeveloperName, StatusStartDate FROM UserServicePresence WHERE IsCurrentState = true"

// Sweep reads what everybody shows, one call a page. Pages are not one moment:
// somebody who changes status meanwhile can be in none of them, so whoever
// seems to have left is looked at once more before it is said.
func (p *Presence) Sweep(ctx context.Context) (schema.News, error) {
	rows, err := Query[presenceRow](ctx, p.conn, currentPresence)
	if err != nil {
		return schema.News{}, sweepError(err)
	}
	shown, err := p.read(rows)
	if err != nil {
		return schema.News{}, err
	}
	missing := p.missing(shown)
	again, err := p.lookAt(ctx, missing)
	if err != nil {
		return schema.News{}, err
	}
	for _, user := range missing {
		if s, back := again[user]; back {
			shown[user] = s
		} else {
			p.book.gone(user)
		}
	}
	news := p.news()
	news.Whole = true
	news.Sightings = sorted(shown)
	return news, nil
}

// missing lists who was there and is not in a reading.
func (p *Presence) missing(shown map[string]schema.Sighting) []string {
	users := slices.DeleteFunc(p.book.present(), func(user string) bool {
		_, there := shown[user]
		return there
	})
	slices.Sort(users)
	return users
}

// Look reads what some people show. Who has no current interval is offline,
// since the moment that an event told, if one did.
func (p *Presence) Look(ctx context.Context, people []string) (schema.News, error) {
	shown, err := p.lookAt(ctx, people)
	if err != nil {
		return schema.News{}, err
	}
	news := p.news()
	asked := map[string]bool{}
	for _, person := range people {
		user := idOf(person)
		if asked[user] {
			continue
		}
		asked[user] = true
		s, online := shown[user]
		if !online {
			s = schema.Sighting{Person: user, Status: schema.Offline, Since: p.book.left(user)}
			p.book.gone(user)
		}
		news.Sightings = append(news.Sightings, s)
	}
	return news, nil
}

// lookAt reads the current intervals of some people: some four hundred a query
// and five queries a call.
func (p *Presence) lookAt(ctx context.Context, people []string) (map[string]schema.Sighting, error) {
	rows, err := queryIn[presenceRow](ctx, p.conn, currentPresence+" AND UserId IN (%s)", people)
	if err != nil {
		return nil, sweepError(err)
	}
	return p.read(rows)
}

// queryIn is [Query] with lists of values in place of soql's %s, each as long
// as the vendor's edge lets through. Queries that depend on nothing share a call.
func queryIn[T any](ctx context.Context, c *Connection, soql string, values []string) ([]T, error) {
	lists := quotedLists(values, maxEncodedQuery-len(url.QueryEscape(soql)))
	if len(lists) == 0 {
		return nil, nil
	}
	if len(lists) == 1 {
		return Query[T](ctx, c, strings.Replace(soql, "%s", lists[0], 1))
	}
	requests := make([]Subrequest, len(lists))
	for i, list := range lists {
		requests[i] = Subrequest{Method: "GET", Path: "query?q=" + url.QueryEscape(strings.Replace(soql, "%s", list, 1))}
	}
	var rows []T
	for _, answer := range c.Composite(ctx, requests) {
		page, err := answerPage[T](answer)
		if err != nil {
			return nil, err
		}
		all, err := page.All(ctx, c)
		if err != nil {
			return nil, err
		}
		rows = append(rows, all...)
	}
	return rows, nil
}

// read turns intervals into sightings by person, and enters them in the book.
// Two current intervals of one person are one too many: the later counts.
func (p *Presence) read(rows []presenceRow) (map[string]schema.Sighting, error) {
	shown := make(map[string]schema.Sighting, len(rows))
	for _, row := range rows {
		if row.ServicePresenceStatus == nil || row.ServicePresenceStatus.DeveloperName == "" {
			return nil, errNamesHidden()
		}
		since, err := time.Parse(datetime, row.StatusStartDate)
		if err != nil {
			return nil, fmt.Errorf("read presence: StatusStartDate %q is no time", row.StatusStartDate)
		}
		user := idOf(row.UserID)
		since = since.Truncate(precision).UTC()
		p.book.holds(user, idOf(row.ID), since)
		if other, twice := shown[user]; twice && !other.Since.Before(since) {
			continue
		}
		shown[user] = schema.Sighting{Person: user, Status: row.ServicePresenceStatus.DeveloperName, Since: since}
	}
	return shown, nil
}

// datetime is how REST writes moments: 2026-11-23T00:05:52.000+0000.
const datetime = "2006-01-02T15:04:05.999Z0700"

func sorted(shown map[string]schema.Sighting) []schema.Sighting {
	sightings := make([]schema.Sighting, 0, len(shown))
	for _, s := range shown {
		sightings = append(sightings, s)
	}
	slices.SortFunc(sightings, func(a, b schema.Sighting) int { return strings.Compare(a.Person, b.Person) })
	return sightings
}

// sweepError says what has to be changed where that is known.
func sweepError(err error) error {
	switch rest.CodeOf(err) {
	case "INVALID_TYPE":
		return fmt.Errorf("read presence: %w: select Enable Omni-Channel in Setup > Omni-Channel Settings, and let the signed-in user read User Presence: %w", schema.ErrSetup, err)
	case "INVALID_FIELD":
		return fmt.Errorf("read presence: %w: give the signed-in user View Setup and Configuration, or View DeveloperName: %w", schema.ErrSetup, err)
	}
	return fmt.Errorf("read presence: %w", err)
}
