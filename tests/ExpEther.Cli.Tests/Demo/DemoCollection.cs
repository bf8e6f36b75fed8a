namespace ExpEther.Cli.Tests.Demo;

/// <summary>Two demos at once would fight for the machine's cores.</summary>
[CollectionDefinition("demo", DisableParallelization = true)]
public sealed class DemoCollection;
