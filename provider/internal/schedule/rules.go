package schedule

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	tfpath "github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/atoll-platform/atoll/api/v1alpha1"
	"github.com/atoll-platform/atoll/internal/schedule"
	"github.com/atoll-platform/atoll/provider/internal/units"
)

// rule is a check of a known string.
type rule struct {
	summary, description string
	check                func(string) error
}

func (r rule) Description(context.Context) string { return r.description }

func (r rule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (r rule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if err := r.check(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, r.summary, fmt.Sprintf("%s: %s.", req.Path, err))
	}
}

// cron refuses what the operator could not read, or what is never due. The zone is another attribute's.
func cron() validator.String {
	return rule{"The cron expression is not understood", "must be five fields, or a word such as @daily", func(s string) error {
		_, err := schedule.ParseCron(s, "UTC")
		return err
	}}
}

func zone() validator.String {
	return rule{"There is no such time zone", "must be the IANA name of a zone", func(s string) error {
		_, err := schedule.ParseZone(s)
		return err
	}}
}

func template() validator.String {
	return rule{"The parameter uses what there is not", "may use " + strings.Join(schedule.Variables(), ", "), schedule.CheckTemplate}
}

// path refuses files that are no notebooks, and paths that leave where they are in.
func path() validator.String {
	return rule{"This is no notebook", "must be the path of an .ipynb file, without ..", func(s string) error {
		parts := strings.Split(s, "/")
		for _, part := range parts {
			if part == ".." || (part == "" && len(parts) > 1) {
				return fmt.Errorf("%q must be a path like reports/daily.ipynb, without a leading slash and without .. in it", s)
			}
		}
		if !strings.HasSuffix(s, ".ipynb") {
			return fmt.Errorf("%q must be the path of an .ipynb file, such as reports/daily.ipynb", s)
		}
		return nil
	}}
}

// oneSource refuses notebooks that come from nowhere or from several places.
type oneSource struct{}

func (oneSource) Description(context.Context) string {
	return "set exactly one of home, git and object"
}

func (o oneSource) MarkdownDescription(ctx context.Context) string { return o.Description(ctx) }

func (o oneSource) ValidateObject(ctx context.Context, req validator.ObjectRequest, resp *validator.ObjectResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	var set []string
	for _, name := range []string{"home", "git", "object"} {
		value := req.ConfigValue.Attributes()[name]
		if value.IsUnknown() {
			return
		}
		if !value.IsNull() {
			set = append(set, name)
		}
	}
	if len(set) != 1 {
		got := "none is set"
		if len(set) > 1 {
			got = "set are " + strings.Join(set, " and ")
		}
		resp.Diagnostics.AddAttributeError(req.Path, "A notebook comes from one place", fmt.Sprintf("%s: %s; %s.", req.Path, o.Description(ctx), got))
	}
}

// graph refuses tasks of one name, dependencies that do not exist, and circles.
type graph struct{}

func (graph) Description(context.Context) string {
	return "names must be distinct, and tasks may depend on each other without circles"
}

func (g graph) MarkdownDescription(ctx context.Context) string { return g.Description(ctx) }

func (graph) ValidateList(_ context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	var tasks []v1alpha1.Task
	seen := map[string]bool{}
	for i, element := range req.ConfigValue.Elements() {
		object, ok := element.(types.Object)
		if !ok || object.IsNull() || object.IsUnknown() {
			return
		}
		name, ok := object.Attributes()["name"].(types.String)
		if !ok || name.IsUnknown() {
			return
		}
		if seen[name.ValueString()] {
			resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(i).AtName("name"), "Two tasks have the same name",
				fmt.Sprintf("The names of tasks must be distinct; %q stands more than once.", name.ValueString()))
			return
		}
		seen[name.ValueString()] = true
		dependsOn, known := elements(object.Attributes()["depends_on"])
		if !known {
			return
		}
		tasks = append(tasks, v1alpha1.Task{Name: name.ValueString(), DependsOn: dependsOn})
	}
	for _, p := range schedule.CheckTasks(tasks) {
		resp.Diagnostics.AddAttributeError(req.Path.AtListIndex(p.Task).AtName("depends_on"), "The tasks cannot be put in order", p.Message+".")
	}
}

// elements are the elements of a set, and whether all of them are known.
func elements(value attr.Value) ([]string, bool) {
	set, ok := value.(types.Set)
	if !ok || set.IsNull() {
		return nil, true
	}
	if set.IsUnknown() {
		return nil, false
	}
	var out []string
	for _, element := range set.Elements() {
		s, ok := element.(types.String)
		if !ok || s.IsUnknown() {
			return nil, false
		}
		out = append(out, s.ValueString())
	}
	return out, true
}

// afterStart refuses an end that does not come after the start.
type afterStart struct{}

func (afterStart) Description(context.Context) string { return "must be after start" }

func (a afterStart) MarkdownDescription(ctx context.Context) string { return a.Description(ctx) }

func (afterStart) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	var start units.Moment
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, tfpath.Root("start"), &start)...)
	from, err := time.Parse(time.RFC3339, start.ValueString())
	until, errEnd := time.Parse(time.RFC3339, req.ConfigValue.ValueString())
	if err == nil && errEnd == nil && !until.After(from) {
		resp.Diagnostics.AddAttributeError(req.Path, "The end is before the start",
			fmt.Sprintf("end must be after start: got %s and %s.", req.ConfigValue.ValueString(), start.ValueString()))
	}
}
