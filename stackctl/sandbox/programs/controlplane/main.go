// Command controlplane is a whole Kubernetes control plane in one program.
//
// It runs the upstream programs unchanged, as libraries, and only chooses which:
// by the name it was called under, or else by its first argument.
//
//	ln -s controlplane etcd && ./etcd --version
//	./controlplane kube-apiserver --version
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	_ "time/tzdata" // CronJobs may name time zones that the machine does not have

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kwokconfig "sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	kwoklog "sigs.k8s.io/kwok/pkg/log"
	"sigs.k8s.io/kwok/pkg/utils/signals"
)

var programs = map[string]func() int{
	"etcd":                    runEtcd,
	"kube-apiserver":          func() int { return runKubernetes(apiserver.NewAPIServerCommand) },
	"kube-controller-manager": func() int { return runKubernetes(controllermanager.NewControllerManagerCommand) },
	"kube-scheduler":          func() int { return runKubernetes(func() *cobra.Command { return scheduler.NewSchedulerCommand() }) },
	"kwok":                    runKwok,
}

func main() {
	program, args := choose(os.Args)
	run, known := programs[program]
	if !known {
		fmt.Fprintf(os.Stderr, "%q is not part of the control plane: call this program as etcd, kube-apiserver, "+
			"kube-controller-manager, kube-scheduler or kwok\n", program)
		os.Exit(2)
	}
	// The upstream programs read os.Args themselves and print its first word in their help.
	os.Args = args
	os.Exit(run())
}

// choose returns the wanted program and the arguments it should see.
func choose(args []string) (string, []string) {
	name := strings.TrimSuffix(filepath.Base(args[0]), ".exe")
	if _, known := programs[name]; known || len(args) < 2 {
		return name, args
	}
	return args[1], args[1:]
}

func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

// runKubernetes takes a constructor: building a command registers its flags globally,
// so only the chosen program's may be built.
func runKubernetes(command func() *cobra.Command) int {
	return cli.Run(command())
}

// runKwok does what kwok's own main does. Kubernetes' packages register flags of their own
// (--version) globally, where kwok's command would find them instead of its own.
func runKwok() int {
	pflag.CommandLine = pflag.NewFlagSet("kwok", pflag.ContinueOnError)
	flags := pflag.NewFlagSet("global", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}

	ctx, logger := kwoklog.InitFlags(signals.SetupSignalContext(), flags)
	ctx, err := kwokconfig.InitFlags(ctx, flags)
	if err != nil {
		logger.Error("Init config flags", "err", err)
		return 1
	}
	command := kwok.NewCommand(ctx)
	command.PersistentFlags().AddFlagSet(flags)
	if err := command.ExecuteContext(ctx); err != nil {
		logger.Error("Execute exit", "err", err)
		return 1
	}
	return 0
}
