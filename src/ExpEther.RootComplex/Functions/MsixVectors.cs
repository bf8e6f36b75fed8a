using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Interrupts;

namespace ExpEther.RootComplex.Functions;

/// <summary>A function's MSI-X vectors (PCIe 5.0 §6.1.4, §7.7.2): the host's side of its table.</summary>
internal sealed class MsixVectors(PciFunction function, HostServices host)
{
    private const int EntryBytes = 16;
    private const ushort ControlEnable = 1 << 15;
    private const ushort ControlFunctionMask = 1 << 14;
    private const ushort ControlTableSize = 0x7FF;

    private static readonly TimeSpan PostedRetry = TimeSpan.FromMilliseconds(1);

    private readonly List<InterruptMessage> _messages = [];

    public int Count => _messages.Count;

    public async Task<int> EnableAsync(int count, Action<int> handler)
    {
        Check.That(_messages.Count == 0 && count > 0);
        var capability = function.Node.Capabilities.MsiX;
        if (capability == 0)
        {
            return 0;
        }

        var config = new FunctionConfig(host.Config, function.Rid);
        var control = await config.Read16Async(capability + 2);
        var table = await config.Read32Async(capability + 4);
        var bar = (int)(table & 7);
        if (!function.IsPresent || table == uint.MaxValue || !function.Bars.Any(b => b.Index == bar && b.IsAssigned))
        {
            return 0;
        }

        // Masked as a whole until every entry is written, so that no half-written one is used.
        await config.Write16Async(capability + 2, (ushort)(control | ControlEnable | ControlFunctionMask));
        count = Math.Min(count, Math.Min((control & ControlTableSize) + 1, RootComplexLimits.FunctionVectorsMax));
        for (var i = 0; i < count && host.Interrupts.TryAllocate(function.Rid, handler, i, out var message); i++)
        {
            _messages.Add(message);
            var entry = (table & ~7u) + (ulong)(i * EntryBytes);
            if (!await WriteAsync(bar, entry, (uint)message.Address.Value)
                || !await WriteAsync(bar, entry + 4, (uint)(message.Address.Value >> 32))
                || !await WriteAsync(bar, entry + 8, message.Data)
                || !await WriteAsync(bar, entry + 12, 0))
            {
                Free();
                return 0;
            }
        }

        await config.Write16Async(capability + 2, (ushort)((control | ControlEnable) & ~ControlFunctionMask));
        return _messages.Count;
    }

    public async Task DisableAsync()
    {
        if (_messages.Count > 0 && function.IsPresent)
        {
            await new FunctionConfig(host.Config, function.Rid).Change16Async(function.Node.Capabilities.MsiX + 2, ControlEnable, 0);
        }

        Free();
    }

    public void Free()
    {
        foreach (var message in _messages)
        {
            host.Interrupts.Free(message);
        }

        _messages.Clear();
    }

    private async Task<bool> WriteAsync(int bar, ulong offset, uint value)
    {
        var deadline = host.Scheduler.Now + RootComplexLimits.PostedWriteTimeout;
        while (!function.TryWrite32(bar, offset, value))
        {
            if (host.Scheduler.Now >= deadline)
            {
                return false;
            }

            await host.Scheduler.Delay(PostedRetry);
        }

        return true;
    }
}
