package schema

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reef is a generated file in small: attributes, a block that may come once, and one that may come several times.
const reef = `
function reefPoolToHclTerraform(struct) {
    const attrs = {
        depth: {
            value: cdktn.numberToHclTerraform(struct.depth),
            isBlock: false,
            type: "simple",
            storageClassType: "number",
        },
    };
}
class ReefPoolOutputReference extends cdktn.ComplexObject {
    // depth - computed: false, optional: false, required: true
    _depth;
    get depth() {
        return this.getNumberAttribute('depth');
    }
}
class ReefPoolList extends cdktn.ComplexList {
}
class ReefEndpointOutputReference extends cdktn.ComplexObject {
    // address - computed: true, optional: false, required: false
    get address() {
        return this.getStringAttribute('address');
    }
}
class ReefEndpointList extends cdktn.ComplexList {
}
function reefTideToHclTerraform(struct) {
    const attrs = {
        high: {
            value: cdktn.booleanToHclTerraform(struct.high),
            isBlock: false,
            type: "simple",
            storageClassType: "boolean",
        },
    };
}
class ReefTideOutputReference extends cdktn.ComplexObject {
    // high - computed: true, optional: true, required: false
    _high;
    get high() {
        return this.getBooleanAttribute('high');
    }
}
class Reef extends cdktn.TerraformResource {
    static tfResourceType = "aws_reef";
    constructor(scope, id, config) {
        super(scope, id, {
                providerVersion: '6.66.0',
        });
    }
    // endpoint - computed: true, optional: false, required: false
    _endpoint = new ReefEndpointList(this, "endpoint", false);
    get endpoint() {
        return this._endpoint;
    }
    // fish - computed: false, optional: true, required: false
    _fish;
    get fish() {
        return cdktn.Fn.tolist(this.getListAttribute('fish'));
    }
    // name - computed: false, optional: false, required: true
    _name;
    get name() {
        return this.getStringAttribute('name');
    }
    // tags - computed: false, optional: true, required: false
    _tags;
    get tags() {
        return this.getStringMapAttribute('tags');
    }
    // pool - computed: false, optional: true, required: false
    _pool = new ReefPoolList(this, "pool", true);
    get pool() {
        return this._pool;
    }
    // tide - computed: false, optional: false, required: true
    _tide = new ReefTideOutputReference(this, "tide");
    get tide() {
        return this._tide;
    }
    synthesizeHclAttributes() {
        const attrs = {
            fish: {
                value: cdktn.listMapperHcl(cdktn.stringToHclTerraform, false)(this._fish),
                isBlock: false,
                type: "set",
                storageClassType: "stringList",
            },
            pool: {
                value: cdktn.listMapperHcl(reefPoolToHclTerraform, true)(this._pool.internalValue),
                isBlock: true,
                type: "set",
                storageClassType: "ReefPoolList",
            },
            tide: {
                value: reefTideToHclTerraform(this._tide.internalValue),
                isBlock: true,
                type: "list",
                storageClassType: "ReefTideList",
            },
        };
    }
}
`

func TestBuild(t *testing.T) {
	file, err := read(reef)
	if err != nil {
		t.Fatal(err)
	}
	if file.terraform != "aws_reef" || file.version != "6.66.0" {
		t.Errorf("the file is of %s %s", file.terraform, file.version)
	}
	got, err := file.build()
	if err != nil {
		t.Fatal(err)
	}
	text := Type{Kind: "string"}
	want := &Block{
		Attributes: []Attribute{
			{Name: "endpoint", Type: Type{Kind: "list", Element: &Type{Kind: "object", Fields: map[string]Type{"address": text}}}, Computed: true},
			{Name: "fish", Type: Type{Kind: "set", Element: &text}, Optional: true},
			{Name: "name", Type: text, Required: true},
			{Name: "tags", Type: Type{Kind: "map", Element: &text}, Optional: true},
		},
		Blocks: []Nested{
			{Name: "pool", Nesting: "set", Block: &Block{Attributes: []Attribute{{Name: "depth", Type: Type{Kind: "number"}, Required: true}}}},
			{Name: "tide", Nesting: "list", Required: true, Single: true, Block: &Block{
				Attributes: []Attribute{{Name: "high", Type: Type{Kind: "bool"}, Optional: true, Computed: true}},
			}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the schema differs (-want +got):\n%s", diff)
	}
	proto, err := got.Proto()
	if err != nil {
		t.Fatal(err)
	}
	if tide := proto.Block.BlockTypes[1]; tide.MinItems != 1 || tide.MaxItems != 1 {
		t.Errorf("the tide may come %d to %d times, want once", tide.MinItems, tide.MaxItems)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, tt := range map[string]struct{ old, text, want string }{
		"no class":      {"extends cdktn.TerraformResource", "extends cdktn.Construct", "no class of it extends"},
		"another type":  {"getNumberAttribute", "getTensorAttribute", `"Tensor" is no type`},
		"a lost class":  {"class ReefTideOutputReference", "class ReefTidesOutputReference", "there is no class ReefTideOutputReference"},
		"no expression": {"return this.getStringMapAttribute('tags')", "return this._tags", "which says no type"},
	} {
		t.Run(name, func(t *testing.T) {
			file, err := read(strings.ReplaceAll(reef, tt.old, tt.text))
			if err == nil {
				_, err = file.build()
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}

func TestUsed(t *testing.T) {
	var types Types
	types.Used("resource \"aws_vpc\" \"this\" {\n}\n# resource \"aws_no\" \"x\"\ndata \"aws_region\" \"x\" {}\nresource \"aws_vpc\" \"other\" {}\n")
	if diff := cmp.Diff(Types{Resources: []string{"aws_vpc"}, Data: []string{"aws_region"}}, types); diff != "" {
		t.Errorf("types differ (-want +got):\n%s", diff)
	}
}
