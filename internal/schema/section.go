package schema

// Section is the part of the configuration that a provider's package brings.
type Section struct {
	Name string // as in the file: "some_cdn"
	Keys []Key
	// Credential is the key of the account; nil: the section has none.
	Credential *Credential
	// New returns a pointer to the struct that the values go into, those of the
	// credential aside. Its mapstructure tags are the names of the keys.
	New func() any
	// Check finds what is wrong between keys each of which is right by itself; nil:
	// nothing can be. Keys that already have a fault are in Known.
	Check func(Checking) Faults
}

// Checking is what a section is checked with.
type Checking struct {
	Values   any // of the section, as New made it
	Owner    string
	Clusters []string // their names, in order
	Known    Faults
}

// Credential is the secret key of an account at a provider. It may be given by itself,
// as a file, or as a Kubernetes Secret.
type Credential struct {
	Key     string             // of the configuration: "api_key"
	DataKey string             // of the Secret's data: "api-key"
	Check   func(string) error // what is wrong with a key; it must not repeat it
}

// CredentialKeys are the keys of a section by which a credential may be given: the key
// of that name, <key>_file, and secret.
func CredentialKeys(key string) []Key {
	keys := []Key{
		Scalar(key, "", SecretText),
		Scalar(key+"_file", "", FilePath),
		Scalar("secret", "", KubeSecretName),
	}
	for i := range keys {
		keys[i].Credential = true
	}
	return keys
}

// Given is how a credential was given. Load leaves Value empty where a Kubernetes Secret
// holds it.
type Given struct {
	Value Secret
	File  string // an absolute path; "": it was not given as a file
	Ref   SecretRef
}

// Sections are the sections of the providers that are in force. Printing them shows no
// secret.
type Sections struct {
	values map[string]any
	given  map[string]*Given
}

// Put adds a section. given is nil where it has no credential.
func (s *Sections) Put(name string, values any, given *Given) {
	if s.values == nil {
		s.values, s.given = make(map[string]any), make(map[string]*Given)
	}
	s.values[name] = values
	if given != nil {
		s.given[name] = given
	}
}

// Has reports whether a section is in force.
func (s Sections) Has(name string) bool {
	_, ok := s.values[name]
	return ok
}

// Credential is how the key of a section was given; nil if it has none.
func (s Sections) Credential(name string) *Given { return s.given[name] }

// Key is the credential of a section.
func (s Sections) Key(name string) Secret {
	if given := s.given[name]; given != nil {
		return given.Value
	}
	return Secret{}
}

// Values are the values of a section, as its New made them; nil if it is not in force.
func (s Sections) Values(name string) any { return s.values[name] }

// ValuesOf are the values of a section, of the type that its New makes. They are nil if
// it is not in force.
func ValuesOf[T any](s Sections, name string) *T {
	values, _ := s.values[name].(*T)
	return values
}
