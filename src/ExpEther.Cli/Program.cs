ExpEther.Cli.Output.Terminal.Guard();
return await ExpEther.Cli.CommandLine.RunAsync(args);
