package cxone

import (
	"net/http"

	"github.com/lockstep-sync/lockstep/providers/internal/rest"
	"github.com/lockstep-sync/lockstep/schema"
)

// adaptersDoc is what every kind of NICE's Adapters says about itself.
const adaptersDoc = "NICE publishes no API that writes it. With `adapters = \"manual\"`, the default, the plan shows the click path and a person carries it out and attests it. " +
	"With `adapters = \"api\"` a simulated adapter contract is used, which is Lockstep's own invention (INVENTED) and is served by `lockstep emulate`."

func noWriteAPI(what string) schema.Limit {
	return schema.Limit{
		What: what,
		Why:  "None of NICE's 73 published specifications, help pages or client libraries has such a call (VERIFIED negative).",
		Then: "It is a manual step with its click path, attested by a person; `adapters = \"api\"` speaks a contract of our own (INVENTED).",
	}
}

func ignoreGone(err error) error {
	if rest.StatusOf(err) == http.StatusNotFound {
		return nil
	}
	return err
}
