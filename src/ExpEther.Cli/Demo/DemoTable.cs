using ExpEther.Cli.Output;
using ExpEther.Core.Text;
using Spectre.Console;

namespace ExpEther.Cli.Demo;

/// <summary>The demo's result for someone who sees it for the first time: with lines and colours on a terminal, plain elsewhere.</summary>
internal static class DemoTable
{
    public static void Print(DemoReport report, TimeSpan elapsed)
    {
        string[] used = ["host", "VLAN", "function", "seen there as", "read", "written", "SHA-256", "when all worked"];
        var uses = report.Hosts.Select(host => (string[])
        [
            host.Name,
            $"{host.Vlan}",
            Join(host, f => f.Cell("name")),
            Join(host, f => $"PCI {f.Cell("bdf")}"),
            JsonText.Size(host.BytesRead),
            JsonText.Size(host.BytesWritten),
            host.IsVerified ? "verified" : "WRONG",
            DemoTimeline.Bar(host, report.Hosts),
        ]).ToList();
        string[] swapped = ["function", "host", "generation", "register address", "host's ID", "function's ID"];
        var swaps = report.Hosts.SelectMany(host => host.Functions.Select(f => (string[])
        [
            f.Cell("name"), host.Name, f.Cell("generation"),
            $"{f.Cell("memH")} = {f.Cell("memIo")}", $"{f.Cell("hostH")} = {f.Cell("hostIo")}", $"{f.Cell("vfH")} = {f.Cell("vfIo")}",
        ])).ToList();

        Console.Out.WriteLine();
        Print(
            $"{report.Hosts.Count} hosts used one NVMe controller ({report.Device?.Cell("name")}, {report.Device?.Cell("numVfs")} virtual functions) "
            + $"over Ethernet, each in its own VLAN (a PCIe switch of its own), for {report.Sharing?.OverlapSeconds:0.00} s all at once:", used, uses);
        Print("What the bridges swapped in the PCIe packets: the host's number = the number inside the I/O box:", swapped, swaps);
        if (report.Move is { } move)
        {
            var json = move.ToJson();
            Console.Out.WriteLine(
                $"{json.Cell("function")} moved from {json.Cell("from")} (VLAN {json.Cell("vlanBefore")}) "
                + $"to {json.Cell("to")} (VLAN {json.Cell("vlanAfter")}): "
                + $"{move.OutageMs:0.0} ms from the last read there to the first read here; "
                + $"the other functions were read whole {move.OtherReads} times meanwhile.");
        }

        if (report.Guest is { NvmeList.Length: > 0 } guest)
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine(
                "A virtual machine of stock Linux, with nothing of ours inside, was hot-plugged a function of the same controller. What it says itself:");
            Console.Out.WriteLine($"\n{guest.Name}# nvme list\n{guest.NvmeList}\n\n{guest.Name}# lspci -tv\n{guest.Tree}\n");
        }

        var frames = report.ToJson()["frames"]!.AsObject();
        Console.Out.WriteLine(
            $"Frames: {frames.Cell("sent")} sent, {frames.Cell("received")} received, "
            + $"{frames.Cell("retransmitted")} sent again, {frames.Cell("dropped")} dropped.");
        Console.Out.WriteLine();
        Console.Out.WriteLine(report.IsOk ? $"Everything verified, in {elapsed.TotalSeconds:0.0} s." : $"NOT verified: {report.Reason}");
    }

    private static string Join(DemoHost host, Func<System.Text.Json.Nodes.JsonObject, string> cell) => string.Join(", ", host.Functions.Select(cell));

    private static void Print(string title, string[] headings, IReadOnlyList<string[]> rows)
    {
        Console.Out.WriteLine(title);
        if (Console.IsOutputRedirected)
        {
            var plain = new TextTable(headings);
            foreach (var row in rows)
            {
                plain.Add(row);
            }

            Console.Out.WriteLine(plain);
        }
        else
        {
            var table = new Table().RoundedBorder();
            foreach (var heading in headings)
            {
                table.AddColumn(new TableColumn(Markup.Escape(heading)));
            }

            foreach (var row in rows)
            {
                var safe = row.Select(cell => SafeText.Line(cell));
                table.AddRow([.. safe.Select(cell => cell == "verified" ? "[green]verified[/]" : cell == "WRONG" ? "[red]WRONG[/]" : Markup.Escape(cell))]);
            }

            AnsiConsole.Write(table);
        }

        Console.Out.WriteLine();
    }
}
