namespace ExpEther.Architecture.Tests;

/// <summary>Who may know whom (ARCHITECTURE.md, "Projects"). A new arrow is a decision: it is made here and there, in one commit.</summary>
public class ProjectReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["ExpEther.Core"] = [],
        ["ExpEther.Pcie"] = ["ExpEther.Core"],
        ["ExpEther.Link"] = ["ExpEther.Core", "ExpEther.Pcie"],
        ["ExpEther.RootComplex"] = ["ExpEther.Core", "ExpEther.Pcie"],
        ["ExpEther.Nvme"] = ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.RootComplex"],
        ["ExpEther.Bridge"] = ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.Link", "ExpEther.RootComplex"],
        ["ExpEther.Simulation"] = ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.Link", "ExpEther.RootComplex", "ExpEther.Nvme", "ExpEther.Bridge"],
        ["ExpEther.Linux"] = ["ExpEther.Core"],
        ["ExpEther.Ethernet"] = ["ExpEther.Core", "ExpEther.Link", "ExpEther.Linux"],
        ["ExpEther.Backends"] = ["ExpEther.Core", "ExpEther.Nvme", "ExpEther.Linux"],
        ["ExpEther.VfioUser"] = ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.RootComplex", "ExpEther.Linux"],
        ["ExpEther.Qemu"] = ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.RootComplex", "ExpEther.Linux", "ExpEther.VfioUser"],
        ["ExpEther.Daemon"] =
        [
            "ExpEther.Core", "ExpEther.Pcie", "ExpEther.Link", "ExpEther.RootComplex", "ExpEther.Nvme", "ExpEther.Bridge", "ExpEther.Linux",
            "ExpEther.Ethernet", "ExpEther.Backends", "ExpEther.VfioUser", "ExpEther.Qemu",
        ],
        ["ExpEther.Bench"] = ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.Link", "ExpEther.Linux", "ExpEther.Ethernet", "ExpEther.Daemon"],
        ["ExpEther.Cli"] =
        [
            "ExpEther.Core", "ExpEther.Pcie", "ExpEther.Link", "ExpEther.RootComplex", "ExpEther.Nvme", "ExpEther.Bridge", "ExpEther.Linux",
            "ExpEther.Ethernet", "ExpEther.Backends", "ExpEther.Daemon", "ExpEther.Simulation", "ExpEther.Bench",
        ],
    };

    private static readonly string[] Pure =
        ["ExpEther.Core", "ExpEther.Pcie", "ExpEther.Link", "ExpEther.RootComplex", "ExpEther.Nvme", "ExpEther.Bridge", "ExpEther.Simulation"];

    [Fact]
    public void Every_project_refers_only_to_those_it_may_know()
    {
        var wrong = from project in Repository.Projects
                    let name = Repository.NameOf(project)
                    from reference in Repository.ReferencesOf(project)
                    where !Allowed.TryGetValue(name, out var allowed) || !allowed.Contains(reference)
                    select $"{name} -> {reference}";

        Assert.Empty(wrong);
    }

    [Fact]
    public void Every_project_has_its_place_in_the_table() =>
        Assert.Equal(Allowed.Keys.Order(), Repository.Projects.Select(Repository.NameOf).Order());

    [Fact]
    public void Pure_projects_use_no_package_at_run_time()
    {
        var packages = from project in Repository.Projects
                       where Pure.Contains(Repository.NameOf(project))
                       from package in Repository.PackagesOf(project)
                       select $"{Repository.NameOf(project)} uses {package}";

        Assert.Empty(packages);
    }

    [Fact]
    public void Every_pure_project_is_under_the_banned_symbols_analyzer()
    {
        var props = File.ReadAllText(Path.Combine(Repository.Root, "Directory.Build.props"));

        Assert.All(Pure, name => Assert.Contains($"'{name}'", props, StringComparison.Ordinal));
    }
}
