using System.Text.Json;
using System.Text.Json.Nodes;

namespace ExpEther.Daemon.Control;

/// <content>What lines mean: calls that begin, data for calls that run.</content>
internal sealed partial class ControlConnection
{
    private void OnLine(ReadOnlySpan<byte> line)
    {
        if (line.Trim(" \r\t"u8).IsEmpty)
        {
            return;
        }

        if (!StrictJson.TryParseObject(line, ControlLimits.JsonDepthMax, out var request)
            || request["id"] is not JsonValue id || id.GetValueKind() is not (JsonValueKind.Number or JsonValueKind.String))
        {
            Break(
                ControlErrorCode.BadRequest, "a line is not a JSON object with an 'id'", "send {\"id\":1,\"command\":\"help\"}; see docs/control-protocol.md");
            return;
        }

        if (request.ContainsKey("data"))
        {
            OnData(id, request.WholeOf("data"));
            return;
        }

        if (request.TextOf("command") is not { } command || request["arguments"] is not (null or JsonObject))
        {
            Break(
                ControlErrorCode.BadRequest, "a request has no 'command', or its 'arguments' are not an object",
                "send {\"id\":1,\"command\":\"help\",\"arguments\":{}}");
            return;
        }

        OnRequest(id, command, request["arguments"] as JsonObject ?? []);
    }

    private void OnData(JsonValue id, long? announced)
    {
        if (announced is not (>= 0 and <= ControlLimits.DataBytesMax and var bytes))
        {
            Break(ControlErrorCode.BadRequest, "'data' is not a number of bytes", $"send at most {ControlLimits.DataBytesMax} bytes after one line");
            return;
        }

        if (!_calls.TryGetValue(id.ToJsonString(), out _dataCall))
        {
            // A call that has ended may have data on its way still, and where the next line starts is known only if that is read.
            _dataCall = new ControlCall(this, id.DeepClone(), [], _scheduler);
            _dataCall.End();
        }

        if (bytes == 0)
        {
            _dataCall.Deliver([]);
            return;
        }

        _data = new byte[bytes];
        _dataBytes = 0;
    }

    private void OnRequest(JsonValue id, string command, JsonObject arguments)
    {
        var key = id.ToJsonString();
        var ours = id.DeepClone();
        if (_calls.Count >= ControlLimits.CallsMax || _calls.ContainsKey(key))
        {
            Send(AnswerTo(ours, ControlReply.Fail(
                ControlErrorCode.TooManyCalls,
                _calls.ContainsKey(key) ? $"call {key} still runs" : $"{_calls.Count} calls of this connection still run",
                "wait for an answer first, and give every call an id of its own")), []);
            return;
        }

        if (!_commands.Names.Contains(command))
        {
            Send(AnswerTo(ours, ControlReply.Fail(
                ControlErrorCode.UnknownCommand, $"this daemon knows no command '{command}'",
                $"it knows: {string.Join(", ", _commands.Names.Order(StringComparer.Ordinal))}")), []);
            return;
        }

        var call = new ControlCall(this, ours, (JsonObject)arguments.DeepClone(), _scheduler);
        _calls.Add(key, call);
        _scheduler.Start(() => RunAsync(key, command, call));
    }

    private async Task RunAsync(string key, string command, ControlCall call)
    {
        byte[] answer;
        try
        {
            answer = AnswerTo(call.Id, await _commands.RunAsync(command, call));
        }
        catch (Exception e) when (e is not InvariantException)
        {
            answer = AnswerTo(call.Id, ControlReply.Fail(
                ControlErrorCode.Internal, $"'{command}' failed: {e.Message}", "this is a bug; please report it with the daemon's log"));
        }

        _calls.Remove(key);
        call.End();
        Send(answer, []);
    }

    private static byte[] AnswerTo(JsonNode id, ControlReply reply) => Utf8(
        reply.Error is { } error
            ? new JsonObject { ["id"] = id.DeepClone(), ["error"] = error.ToJson() }
            : new JsonObject { ["id"] = id.DeepClone(), ["result"] = reply.Result });
}
