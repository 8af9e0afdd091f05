package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/edgeward/edgeward/internal/app"
	"github.com/edgeward/edgeward/internal/config"
	"github.com/edgeward/edgeward/internal/forecast"
	"github.com/edgeward/edgeward/internal/model"
	"github.com/edgeward/edgeward/internal/preview"
	"github.com/edgeward/edgeward/internal/printable"
)

// errChanges says that a run would change something. It has been printed.
var errChanges = errors.New("a run would change something")

// newPlanCommand returns the command plan. Its error is errChanges where a run
// would change something.
func newPlanCommand(load func() (*config.Config, error), version string) *cobra.Command {
	var output, backup string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what a run would change now, by Ingress",
		Long: "Reads the clusters and the providers, writes nothing, and prints what a run would add (+), change (~) and remove (-).\n" +
			"Exit status: 0 if nothing, 3 if something.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := load()
			if err != nil {
				return err
			}
			return showPlan(cmd, cfg, version, output, backup)
		},
	}
	cmd.Flags().VarP(newChoice(&output, "text", "json"), "output", "o", "text or json")
	cmd.Flags().StringVar(&backup, "backup", "", "first save every object that a run would change or remove to a new `FILE`, as JSON")
	return cmd
}

func showPlan(cmd *cobra.Command, cfg *config.Config, version, output, backup string) error {
	ctx, access := cmd.Context(), app.NewAccess(version, slog.New(slog.DiscardHandler))
	p, err := app.Open(ctx, cfg, new(app.Accounts), access, app.Unobserved)
	if err != nil {
		return err
	}
	in, err := preview.Gather(ctx, cfg, access, p, func(text string) { fmt.Fprintln(cmd.ErrOrStderr(), printable.Text(text)) })
	if err != nil {
		return err
	}
	forecast, err := forecast.Of(in)
	if err != nil {
		return err
	}
	if backup != "" {
		if err := save(ctx, backup, forecast, p); err != nil {
			return fmt.Errorf("--backup: %w", err)
		}
	}
	report := preview.NewReport(in.Want, forecast, in.Settings)
	write := report.WriteText
	if output == "json" {
		write = report.WriteJSON
	}
	if err := write(cmd.OutOrStdout()); err != nil {
		return err
	}
	if !forecast.Empty() {
		return errChanges
	}
	return nil
}

// save writes the objects that the forecast changes or removes to a new file,
// readable by its owner only.
func save(ctx context.Context, path string, f forecast.Forecast, p app.Providers) error {
	saved := struct {
		Taken   time.Time         `json:"taken"`
		Rules   []json.RawMessage `json:"rules"`   // as their CDN has them
		Records []model.Record    `json:"records"` // names relative to the zone
	}{Taken: time.Now().UTC(), Rules: []json.RawMessage{}, Records: []model.Record{}}
	stood := func(verb model.Verb) bool { return verb == model.Update || verb == model.Delete }
	for _, c := range f.Rules {
		if stood(c.Verb) {
			raw, err := p.Raw(ctx, c.Old())
			if err != nil {
				return err
			}
			saved.Rules = append(saved.Rules, raw)
		}
	}
	for _, c := range f.Records {
		if stood(c.Verb) {
			saved.Records = append(saved.Records, c.Old())
		}
	}
	data, err := json.MarshalIndent(saved, "", "  ")
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(append(data, '\n'))
	return errors.Join(err, file.Close())
}
