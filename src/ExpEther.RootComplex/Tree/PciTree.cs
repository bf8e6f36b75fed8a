using System.Globalization;
using System.Text;
using ExpEther.RootComplex.Enumeration;
using ExpEther.RootComplex.Functions;

namespace ExpEther.RootComplex.Tree;

/// <summary>The host's PCI tree as it is now: root bus downwards.</summary>
public sealed class PciTree(string name)
{
    /// <summary>What is on bus 0.</summary>
    public IReadOnlyList<PciNode> Roots { get; internal set; } = [];

    public IEnumerable<PciNode> Nodes => Roots.SelectMany(root => root.SelfAndBelow());

    /// <summary>A drawing in the manner of <c>lspci -t</c>: a line per function that says where it is and what it is.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        text.Append(name).Append(" (root complex)\n");
        AppendAll(text, Roots, string.Empty);
        return text.ToString();
    }

    private static void AppendAll(StringBuilder text, IReadOnlyList<PciNode> nodes, string indent)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var last = i == nodes.Count - 1;
            text.Append(indent).Append(last ? "└─ " : "├─ ").Append(nodes[i].Rid).Append("  ").Append(Describe(nodes[i])).Append('\n');
            AppendAll(text, nodes[i].Children, indent + (last ? "   " : "│  "));
        }
    }

    private static string Describe(PciNode node)
    {
        var ids = $"[{node.VendorId:x4}:{node.DeviceId:x4}]";
        return node.Kind switch
        {
            PciNodeKind.Endpoint => $"{ClassName.Of(node.ClassCode)} {ids}{string.Concat(node.Bars.Select(Describe))}",
            PciNodeKind.RootPort => $"Root port {ids}, {Buses(node)}",
            PciNodeKind.UpstreamPort => $"Switch, upstream port {ids}, {Buses(node)}",
            PciNodeKind.DownstreamPort when node.IsHotPlugSlot =>
                $"Switch, slot {node.SlotNumber} {ids}, {Buses(node)}{(node.Children.Count == 0 ? ", empty" : string.Empty)}",
            PciNodeKind.DownstreamPort => $"Switch, downstream port {ids}, {Buses(node)}",
            _ => $"{ClassName.Of(node.ClassCode)} {ids}, {Buses(node)}",
        };
    }

    private static string Buses(PciNode node) => node.SecondaryBus == 0 ? "no bus"
        : node.SecondaryBus == node.SubordinateBus ? $"bus {node.SecondaryBus:x2}"
        : $"buses {node.SecondaryBus:x2}-{node.SubordinateBus:x2}";

    private static string Describe(PciBar bar) => bar.IsAssigned
        ? $", BAR {bar.Index} at {bar.Address} ({Size(bar.SizeBytes)})"
        : $", BAR {bar.Index} not assigned ({Size(bar.SizeBytes)})";

    private static string Size(ulong bytes) => bytes switch
    {
        >= 1 << 30 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 30} GiB"),
        >= 1 << 20 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB"),
        >= 1 << 10 => string.Create(CultureInfo.InvariantCulture, $"{bytes >> 10} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
    };
}
