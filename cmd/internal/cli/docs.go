package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lockstep-sync/lockstep/cmd/internal/dashboard"
	"github.com/lockstep-sync/lockstep/cmd/internal/view"
	"github.com/lockstep-sync/lockstep/config"
	"github.com/lockstep-sync/lockstep/schema"
)

func (a *app) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "docs [KIND | language | alerts | plan-schema]", Short: "Print the reference made from the kinds", Args: arguments(0, 1),
		Long: `Prints the reference as Markdown: every provider, kind, argument, default and limit,
made from the same values that check your files. "docs presence_rule" prints one
kind; "docs alerts" prints alert rules for Prometheus over the metrics of run;
"docs plan-schema" prints the JSON Schema of a plan's JSON form.`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return docsTopics(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				a.view().Reference(describeVendors(), config.Shapes())
				return nil
			}
			return a.docsOn(args[0])
		},
	}
}

func docsTopics() []string {
	topics := []string{"language", "alerts", "plan-schema"}
	for _, kind := range allKinds() {
		topics = append(topics, kind.Name)
	}
	return topics
}

func (a *app) docsOn(topic string) error {
	switch topic {
	case "plan-schema":
		_, err := a.Stdout.Write(view.PlanSchema)
		return err
	case "alerts":
		return dashboard.WriteAlerts(a.Stdout)
	case "language":
		a.view().ReferenceLanguage(config.Shapes())
		return nil
	}
	for _, kind := range allKinds() {
		if kind.Name == topic {
			a.view().ReferenceKind(kind)
			return nil
		}
	}
	suggestion := ""
	if near := schema.Suggest(topic, docsTopics()); near != "" {
		suggestion = fmt.Sprintf("; did you mean %s?", near)
	}
	return fmt.Errorf("docs: no kind is called %s%s", topic, suggestion)
}

func allKinds() []*schema.Kind {
	var kinds []*schema.Kind
	for _, vendor := range describeVendors() {
		kinds = append(kinds, vendor.Kinds...)
	}
	return kinds
}
