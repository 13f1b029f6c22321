package cxone

import "context"

// An adapterIndex finds its way through the simulated adapter contract
// (INVENTED). Steps of one wave run at the same time, so what they add is
// added under the directory's lock.
type adapterIndex struct {
	environments map[string]string  // ids by name
	names        map[string]string  // names by id
	mappings     map[string]mapping // by environment id
	owners       map[string]string  // environment ids by mapping id
}

func (d *directory) indexAdapters() {
	d.adapters = adapterIndex{map[string]string{}, map[string]string{}, map[string]mapping{}, map[string]string{}}
	for _, env := range d.environments {
		d.addEnvironment(env)
	}
	for _, m := range d.mappings {
		d.addMapping(m)
	}
}

func (d *directory) addEnvironment(env environment) {
	d.Lock()
	defer d.Unlock()
	d.adapters.environments[env.Name], d.adapters.names[env.ID] = env.ID, env.Name
}

func (d *directory) addMapping(m mapping) {
	d.Lock()
	defer d.Unlock()
	d.adapters.mappings[m.EnvironmentID], d.adapters.owners[m.ID] = m, m.EnvironmentID
}

// environmentID returns the id of the environment of that name, "" when there
// is none.
func (d *directory) environmentID(name string) string {
	d.Lock()
	defer d.Unlock()
	return d.adapters.environments[name]
}

// mappingOf returns the mapping that uses an environment.
func (d *directory) mappingOf(environmentID string) (m mapping, ok bool) {
	d.Lock()
	defer d.Unlock()
	m, ok = d.adapters.mappings[environmentID]
	return m, ok
}

// environmentOf returns the name of the environment that a mapping uses.
func (d *directory) environmentOf(mappingID string) string {
	d.Lock()
	defer d.Unlock()
	return d.adapters.names[d.adapters.owners[mappingID]]
}

// remove deletes what may be gone already.
func remove(what, path string) call {
	return call{what, func(ctx context.Context, c *Connection) error {
		_, err := c.Delete(ctx, path, nil, nil)
		return ignoreGone(err)
	}}
}
