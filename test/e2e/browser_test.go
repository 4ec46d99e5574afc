package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

const signInLink = `a.btn-jupyter`

// testBrowser goes the way of a person in a real Chromium: sign in, pick a workspace, a
// profile and a size, land in JupyterLab. The screenshots are kept in build/e2e/screens.
func testBrowser(t *testing.T, p *platform) {
	screens := p.path("build/e2e/screens")
	require.NoError(t, os.MkdirAll(screens, 0o755))
	chromium := "/usr/bin/chromium"
	require.FileExists(t, chromium, "install Debian's chromium: apt-get install chromium")

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium), chromedp.NoSandbox, chromedp.WindowSize(1280, 860),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-background-networking", true),
	)
	ctx, cancel := withTimeout(t, 4*time.Minute)
	defer cancel()
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()

	// The browser lives as long as the context that it was started with.
	require.NoError(t, chromedp.Do(ctx), "starting Chromium")
	shoot := func(name string) error {
		png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(screens, name+".png"), png, 0o644)
	}
	do := func(screen string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		limited, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if err := chromedp.Do(limited, actions...); err != nil {
			require.NoError(t, errors.Join(err, shoot("failure")), "on the way to %s; see failure.png in %s", screen, screens)
		}
		require.NoError(t, shoot(screen))
	}

	ada := p.signIn(t, "ada")
	if running, err := ada.Running(ctx, "fraud"); err == nil && running {
		require.NoError(t, ada.Stop(ctx, "fraud"))
	}
	do("1-hub", chromedp.Navigate(p.status(t).HubURL), chromedp.WaitVisible(signInLink))
	do("2-sign-in", chromedp.Click(signInLink), chromedp.WaitVisible(`#password`))
	do("3-workspaces",
		chromedp.SendKeys(`#username`, "ada"), chromedp.SendKeys(`#password`, p.password(t, "ada")),
		chromedp.Click(`#kc-login`), chromedp.WaitVisible(`#workspace-fraud`))
	do("4-profile-and-size", chromedp.Click(`#start-fraud`), chromedp.WaitVisible(`input[name="profile"]`))
	do("5-starting",
		chromedp.Click(`label[for="profile-python-choice"]`), chromedp.Click(`#spawn_form input[type="submit"]`),
		chromedp.WaitVisible(`#progress-bar, #jp-main-dock-panel`))
	// The start page leaves for JupyterLab by itself, which then builds its page for a while.
	eventually(t, 2*time.Minute, "JupyterLab in the browser", func(context.Context) (bool, error) {
		shown, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector(".jp-LauncherCard") !== null`))
		return err == nil && shown, nil
	})
	do("6-jupyterlab")
	do("7-held",
		chromedp.Navigate(p.status(t).HubURL+"/hub/home"), chromedp.WaitEnabled(`#hold-fraud`),
		chromedp.Click(`#hold-fraud`), chromedp.WaitVisible(`#held-fraud`))
	do("8-let-go",
		chromedp.WaitEnabled(`#release-fraud`), chromedp.Click(`#release-fraud`), chromedp.WaitNotPresent(`#held-fraud`))
	require.NoError(t, ada.Stop(ctx, "fraud"))
}
