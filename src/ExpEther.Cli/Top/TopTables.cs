using System.Text.Json.Nodes;
using ExpEther.Link;

namespace ExpEther.Cli.Top;

/// <summary>Which figures <c>top</c> shows of each kind of thing.</summary>
internal static class TopTables
{
    private static readonly TopColumn[] LinkColumns =
    [
        new("framesSentPerSecond", "TX/s"),
        new("framesReceivedPerSecond", "RX/s"),
        new("bytesSentPerSecond", "TXB/s", TopUnit.Bytes),
        new("bytesReceivedPerSecond", "RXB/s", TopUnit.Bytes),
        new("postedPerSecond", "P/s"),
        new("nonPostedPerSecond", "NP/s"),
        new("completionsPerSecond", "CPL/s"),
        new("roundTripMicroseconds", "RTT", TopUnit.Microseconds),
        new("retransmittedPerSecond", "AGAIN/s", IsAlarm: true),
        new("roundTripP99Microseconds", "P99<", TopUnit.Microseconds),
        new("sendStallsPerSecond", "STALL/s"),
        new("nonPostedWaitsPerSecond", "WAIT/s"),
        new("framesDroppedPerSecond", "DROP/s", IsAlarm: true),
    ];

    private static readonly TopColumn[] FunctionColumns =
    [
        new("tlpsToDevicePerSecond", "TODEV/s"),
        new("tlpsToHostPerSecond", "TOHST/s"),
        new("bytesToDevicePerSecond", "DEVB/s", TopUnit.Bytes),
        new("bytesToHostPerSecond", "HSTB/s", TopUnit.Bytes),
        new("requestsRefusedPerSecond", "UR/s", IsAlarm: true),
        new("hostRequestsOutstanding", "OUT.HST"),
        new("dmaRequestsOutstanding", "OUT.DMA"),
    ];

    private static readonly TopColumn[] SlotColumns =
    [
        new("hostRequestsPerSecond", "REQ/s"),
        new("dmaReadsPerSecond", "RD/s"),
        new("dmaWritesPerSecond", "WR/s"),
        new("dmaReadBytesPerSecond", "RDB/s", TopUnit.Bytes),
        new("dmaWriteBytesPerSecond", "WRB/s", TopUnit.Bytes),
        new("interruptsPerSecond", "IRQ/s"),
        new("requestsUnansweredPerSecond", "LOST/s", IsAlarm: true),
        new("dmaRefusedPerSecond", "UR/s", IsAlarm: true),
    ];

    private static readonly TopColumn[] DeviceColumns =
    [
        new("readsPerSecond", "READ/s"),
        new("writesPerSecond", "WRITE/s"),
        new("readBytesPerSecond", "RDB/s", TopUnit.Bytes),
        new("writtenBytesPerSecond", "WRB/s", TopUnit.Bytes),
        new("otherCommandsPerSecond", "OTHER/s"),
        new("interruptsPerSecond", "IRQ/s"),
        new("errorsPerSecond", "ERR/s", IsAlarm: true),
    ];

    private static readonly TopColumn[] PortColumns =
    [
        new("framesReceivedPerSecond", "IN/s"),
        new("framesSentPerSecond", "OUT/s"),
        new("bytesReceivedPerSecond", "INB/s", TopUnit.Bytes),
        new("bytesSentPerSecond", "OUTB/s", TopUnit.Bytes),
        new("floodedPerSecond", "FLOOD/s"),
        new("framesDroppedPerSecond", "DROP/s", IsAlarm: true),
    ];

    public static IReadOnlyList<TopTable> Of(string kind, in TopItem daemon) => kind switch
    {
        "io" => [Links(daemon.Elements("links", "peer").Select(link => (link, ""))), Functions(daemon), Devices(daemon)],
        "host" => OfHosts([.. daemon.Elements("hosts", "name")]),
        "switch" => [Ports(daemon)],
        _ => [],
    };

    private static TopTable[] OfHosts(IReadOnlyList<TopItem> hosts) =>
    [
        Links(hosts.SelectMany(host => host.Elements("links", "peer").Select(link => (link, Text(host, "name"))))),
        new TopTable("slots", "SLOT", SlotColumns, [.. hosts.SelectMany(host => host.Elements("slots", "slot")
            .Where(slot => Text(slot, "function").Length > 0 || slot.Grown("hostRequests", "dmaReads", "dmaWrites") > 0)
            .Select(slot => Slot(host, slot)))]),
    ];

    private static TopTable Links(IEnumerable<(TopItem Link, string Host)> links) =>
        new("links", "LINK", LinkColumns, [.. links.Select(l => Link(l.Link, l.Host))]);

    private static TopRow Link(in TopItem link, string host)
    {
        var peer = Text(link, "peer");
        var names = new JsonObject { ["peer"] = peer, ["isUp"] = link.After["isUp"]?.DeepClone() };
        if (host.Length > 0)
        {
            names["host"] = host;
        }

        var roundTrip = link.Now("roundTripNanoseconds") / 1000;
        return new TopRow(
            host.Length > 0 ? $"{host}-{peer}" : peer, names,
            [
                link.PerSecond("framesSent"), link.PerSecond("framesReceived"), link.PerSecond("bytesSent"), link.PerSecond("bytesReceived"),
                link.PerSecond("tlpsPostedSent", "tlpsPostedReceived"), link.PerSecond("tlpsNonPostedSent", "tlpsNonPostedReceived"),
                link.PerSecond("tlpsCompletionSent", "tlpsCompletionReceived"), roundTrip > 0 ? roundTrip : null, link.PerSecond("framesRetransmitted"),
                Percentile(link.Part("roundTrips"), 0.99), link.PerSecond("sendStalls"), link.PerSecond("nonPostedWaits"), link.PerSecond("framesDropped"),
            ]);
    }

    private static TopTable Functions(in TopItem daemon) => new("functions", "FUNCTION", FunctionColumns, [.. daemon.Elements("functions", "name").Select(f =>
        new TopRow(
            Text(f, "host") is { Length: > 0 } host ? $"{Text(f, "name")} {host}" : Text(f, "name"),
            new JsonObject { ["name"] = Text(f, "name"), ["host"] = f.After["host"]?.DeepClone() },
            [
                f.PerSecond("tlpsToDevice"), f.PerSecond("tlpsToHost"), f.PerSecond("bytesToDevice"), f.PerSecond("bytesToHost"),
                f.PerSecond("hostUnsupportedRequests", "dmaUnsupportedRequests"), f.Now("hostRequestsOutstanding"), f.Now("dmaRequestsOutstanding"),
            ]))]);

    private static TopRow Slot(in TopItem host, in TopItem slot) => new(
        $"{Text(host, "name")}:{Text(slot, "slot")} {Text(slot, "function")}".TrimEnd(),
        new JsonObject { ["host"] = Text(host, "name"), ["slot"] = slot.After["slot"]?.DeepClone(), ["function"] = slot.After["function"]?.DeepClone() },
        [
            slot.PerSecond("hostRequests"), slot.PerSecond("dmaReads"), slot.PerSecond("dmaWrites"), slot.PerSecond("dmaReadBytes"),
            slot.PerSecond("dmaWriteBytes"), slot.PerSecond("interrupts"), slot.PerSecond("hostRequestsUnanswered"),
            slot.PerSecond("dmaUnsupportedRequests", "dmaWritesDropped"),
        ]);

    private static TopTable Devices(in TopItem daemon) => new("devices", "DEVICE", DeviceColumns, [.. daemon.Elements("devices", "name").Select(d => new TopRow(
        Text(d, "name"), new JsonObject { ["name"] = Text(d, "name") },
        [
            d.PerSecond("readCommands"), d.PerSecond("writeCommands"), d.PerSecond("bytesRead"), d.PerSecond("bytesWritten"),
            d.PerSecond("otherIoCommands", "adminCommands"), d.PerSecond("interrupts"), d.PerSecond("commandErrors"),
        ]))]);

    private static TopTable Ports(in TopItem daemon) => new("ports", "PORT", PortColumns, [.. daemon.Elements("ports", "name").Select(p => new TopRow(
        Text(p, "name"), new JsonObject { ["name"] = Text(p, "name") },
        [
            p.PerSecond("received"), p.PerSecond("sent"), p.PerSecond("receivedBytes"), p.PerSecond("sentBytes"), p.PerSecond("flooded"),
            p.PerSecond("dropped"),
        ]))]);

    private static string Text(in TopItem item, string name) => item.After[name]?.ToString() ?? "";

    /// <summary>The end of the bucket in which it lies, in microseconds; null: no sample, or beyond all of them.</summary>
    private static double? Percentile(TopItem? histogram, double part)
    {
        if (histogram is not { } buckets)
        {
            return null;
        }

        var counts = buckets.After.Select(bucket => buckets.Grown(bucket.Key)).ToList();
        var wanted = counts.Sum() * part;
        if (wanted <= 0)
        {
            return null;
        }

        double sum = 0;
        var at = counts.FindIndex(count => (sum += count) >= wanted);
        return at >= 0 && at < RoundTripHistogram.Buckets - 1 ? RoundTripHistogram.EndMicroseconds(at) : null;
    }
}
