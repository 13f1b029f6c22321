package salesforce

import (
	"context"
	"fmt"
	"slices"
)

// An overlay is what a step changes of one profile. Its full name is asked
// for right before the deploy: deploying one that the org does not have makes
// a profile (VERIFIED), and a label does not tell it, because the labels of
// standard profiles follow the language of whoever asks (SECONDARY).
type overlay struct {
	id, label string
	nodes     []*Node
}

// overlay adds changes of a profile to the wave's deploy.
func (p *part) overlay(id, label string, nodes ...*Node) {
	p.overlays = append(p.overlays, overlay{id, label, nodes})
}

func hasOverlays(p *part) bool { return len(p.overlays) > 0 }

// nameProfiles turns the parts' overlays into components that bear the full
// names by which the org lists the profiles now. One that is not listed any
// more fails its part.
func (w *wave) nameProfiles(ctx context.Context, parts []*part) {
	if !slices.ContainsFunc(parts, hasOverlays) {
		return
	}
	listed, err := w.conn.ListMetadata(ctx, profileType)
	names := newProfileNames(listed)
	for _, p := range parts {
		for _, o := range p.overlays {
			fullName, ok := names.of(o)
			switch {
			case err != nil:
				p.fail(fmt.Errorf("look up profile %q: %w", o.label, err))
			case !ok:
				p.fail(fmt.Errorf("profile %q: the org does not list it any more, and deploying it would create one", o.label))
			default:
				p.deploy(profileComponent(fullName, o.nodes...))
			}
		}
		p.overlays = nil
	}
}

// profileNames are the full names of an org's profiles.
type profileNames struct {
	byID map[string]string // by 15-character Id
	all  map[string]bool
}

func newProfileNames(listed []FileProperties) profileNames {
	names := profileNames{map[string]string{}, map[string]bool{}}
	for _, f := range listed {
		names.byID[ShortID(f.ID)], names.all[f.FullName] = f.FullName, true
	}
	return names
}

// of returns the full name of an overlay's profile. Should the listing leave
// out Ids, the name that its label has in English orgs is taken if it is
// listed.
func (n profileNames) of(o overlay) (fullName string, ok bool) {
	if fullName, ok = n.byID[ShortID(o.id)]; ok && o.id != "" {
		return fullName, true
	}
	fullName = profileFullName(o.label)
	return fullName, n.all[fullName]
}
