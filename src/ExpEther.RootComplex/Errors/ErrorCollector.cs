using ExpEther.Core.Scheduling;
using ExpEther.Pcie;
using ExpEther.Pcie.Config;
using ExpEther.Pcie.Tlp;
using ExpEther.RootComplex.Config;
using ExpEther.RootComplex.Tree;

namespace ExpEther.RootComplex.Errors;

/// <summary>
/// What an operating system's AER service does (PCIe 5.0 §6.2): takes ERR_* messages, asks the function that sent one what happened, reports it,
/// and clears its status so that it can report the next. A function is asked once at a time; its messages meanwhile are only counted.
/// </summary>
internal sealed class ErrorCollector(
    string name, OwnerScheduler scheduler, IConfigAccess access, PciTree tree, IEventSink events, RootComplexCounters counters)
{
    private const int UncorrectableStatus = 0x04;
    private const int CorrectableStatus = 0x10;

    private readonly HashSet<Rid> _asking = [];

    public void OnMessage(in TlpView message)
    {
        switch (message.MessageCode)
        {
            case MessageCode.ErrCorrectable:
                counters.ErrorsCorrectable++;
                break;
            case MessageCode.ErrNonFatal:
                counters.ErrorsNonFatal++;
                break;
            case MessageCode.ErrFatal:
                counters.ErrorsFatal++;
                break;
            default:
                counters.MessagesIgnored++;
                return;
        }

        var code = message.MessageCode;
        var source = message.Requester;
        if (_asking.Count < RootComplexLimits.ErrorSourcesMax && _asking.Add(source))
        {
            scheduler.Start(() => AskAsync(source, code));
        }
    }

    private async Task AskAsync(Rid source, MessageCode code)
    {
        var severity = code == MessageCode.ErrFatal ? EventSeverity.Error : EventSeverity.Warning;
        var node = tree.Nodes.FirstOrDefault(node => node.Rid == source);
        var what = "unknown to this host";
        if (node is { Capabilities.Aer: 0 })
        {
            what = "no details";
        }
        else if (node is not null)
        {
            var register = node.Capabilities.Aer + (code == MessageCode.ErrCorrectable ? CorrectableStatus : UncorrectableStatus);
            var config = new FunctionConfig(access, source);
            var status = await config.Read32Async(register);
            what = status == uint.MaxValue ? "it does not answer" : Describe(code, status);
            if (status is not (0 or uint.MaxValue))
            {
                await config.Write32Async(register, status);
            }
        }

        events.Report(severity, name, $"{Text(code)} from {source}: {what}");
        _asking.Remove(source);
    }

    private static string Text(MessageCode code) => code switch
    {
        MessageCode.ErrCorrectable => "ERR_COR",
        MessageCode.ErrNonFatal => "ERR_NONFATAL",
        _ => "ERR_FATAL",
    };

    private static string Describe(MessageCode code, uint status)
    {
        var names = new List<string>();
        for (var bit = 0; bit < 32; bit++)
        {
            if ((status >> bit & 1) != 0)
            {
                names.Add(code == MessageCode.ErrCorrectable ? ((CorrectableError)bit).ToString() : ((UncorrectableError)bit).ToString());
            }
        }

        return names.Count == 0 ? "no status set" : string.Join(", ", names);
    }
}
