return await ExpEther.Cli.CommandLine.RunAsync(args);
