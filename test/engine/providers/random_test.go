package main

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

const randomPassword = "random:index/randomPassword:RandomPassword"

func TestAPasswordIsDrawnFromWhatIsAllowed(t *testing.T) {
	b := start(t, "random", values{})
	for _, c := range []struct {
		inputs  values
		pattern string
	}{
		{values{"length": 32.0}, `^[!-~]{32}$`},
		{values{"length": 40.0, "special": false}, `^[0-9A-Za-z]{40}$`},
		{values{"length": 9.0, "lower": false, "upper": false, "special": false}, `^[0-9]{9}$`},
		{values{"length": 200.0, "overrideSpecial": "_", "lower": false, "upper": false, "numeric": false}, `^_{200}$`},
		{values{"length": 4.0, "minLower": 1.0, "minUpper": 1.0, "minNumeric": 1.0, "minSpecial": 1.0},
			`^(?:[a-z]|[A-Z]|[0-9]|[^a-zA-Z0-9]){4}$`},
	} {
		p := b.create(randomPassword, "p", c.inputs)
		result := p.get("result").(string)
		if !regexp.MustCompile(c.pattern).MatchString(result) {
			t.Errorf("%v gave a result that is not %s", c.inputs, c.pattern)
		}
		hashed := result
		if len(hashed) > 72 {
			hashed = hashed[:72]
		}
		if err := bcrypt.CompareHashAndPassword([]byte(p.get("bcryptHash").(string)), []byte(hashed)); err != nil {
			t.Errorf("bcryptHash is not of the result: %v", err)
		}
		if p.id != "none" || !p.secret("result") || !p.secret("bcryptHash") {
			t.Errorf("id %q, or a result that is no secret", p.id)
		}
		if again := b.create(randomPassword, "p", c.inputs); len(result) > 8 && !strings.Contains(c.pattern, "_{") && again.get("result") == result {
			t.Error("two draws gave the same")
		}
	}
}

func TestEachMinimumIsKept(t *testing.T) {
	b := start(t, "random", values{})
	p := b.create(randomPassword, "p", values{"length": 8.0, "minLower": 2.0, "minUpper": 2.0, "minNumeric": 2.0, "minSpecial": 2.0})
	for _, class := range []string{`[a-z]`, `[A-Z]`, `[0-9]`, `[^a-zA-Z0-9]`} {
		if n := len(regexp.MustCompile(class).FindAllString(p.get("result").(string), -1)); n != 2 {
			t.Errorf("%d of %s, want 2", n, class)
		}
	}
	if _, err := b.tryCreate(randomPassword, "p", values{"length": 3.0, "minLower": 4.0}); err == nil {
		t.Error("four of three are drawn")
	}
}

func TestAPasswordChangesOnlyByReplacement(t *testing.T) {
	b := start(t, "random", values{})
	inputs := values{"length": 16.0, "special": false, "keepers": values{"epoch": "1"}}
	p := b.create(randomPassword, "p", inputs)
	if got := p.diff(inputs); got != "none" {
		t.Errorf("the same inputs are a %s", got)
	}
	for _, changed := range []values{
		{"length": 17.0, "special": false, "keepers": values{"epoch": "1"}},
		{"length": 16.0, "special": true, "keepers": values{"epoch": "1"}},
		{"length": 16.0, "keepers": values{"epoch": "1"}},
		{"length": 16.0, "special": false, "keepers": values{"epoch": "2"}},
	} {
		if got := p.diff(changed); got != "replace" {
			t.Errorf("%v are a %s", changed, got)
		}
	}
	if same, there := p.refresh(); !there || same.get("result") != p.get("result") {
		t.Error("a refresh changed the password")
	}
}

func TestAPasswordIsImportedByItself(t *testing.T) {
	p, there := start(t, "random", values{}).adopt(randomPassword, "p", "hunter2")
	if !there || p.id != "none" || p.get("result") != "hunter2" || p.get("length") != 7.0 {
		t.Errorf("id %q, length %v", p.id, p.get("length"))
	}
}
